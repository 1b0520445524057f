space x in [0, 1] y in [0, 1]
grid x = 64 y = 64
state u(x) v(x)
