state u
known w.x = 3
observe w.x
