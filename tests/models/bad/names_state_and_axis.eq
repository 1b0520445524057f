space x in [0, 1]
state x(x)
dt(x) = 0
