space x in [0, 1]
state u(x)
bc sin(u = 0 at x = 0
