# Two phases in a closed box: nothing flows through its walls, which neither phase wets more than the other.
model cahn_hilliard_walls
space x in [0, 1], y in [0, 1]
grid x = 24, y = 24
state c(x, y) in [-1.5, 1.5]
param eps = 0.05 in (0, inf)
known mu = c^3 - c - eps^2*lap(c)

dt(c) = lap(mu)
law mass = integral(c) constant
init c = 0.1*cos(3*pi*x)*cos(2*pi*y) + 0.05
