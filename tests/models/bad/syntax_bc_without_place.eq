space x in [0, 1]
state u(x)
bc u = 0
bc u = 0 on x = 0
bc u at x = 0
