"""What pages share: the way to the lab, forms, panes, pictures."""
