parameter k = 1
variable u
boundary u = 0 at x = 0
