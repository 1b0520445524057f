# Two fluids in a porous bed: the share of water stays between 0 and 1 whatever the front does.
model transport_bounded
space x in [0, 1]
grid x = 60
state s(x) in [0, 1]
param M = fit 0.5 in (0.01, 10)
scheme dx = weno(5, bounded)
dt(s) = -dx(s^2/(s^2 + M*(1 - s)^2))
bc s = 1 at x = 0
init s = 0
law water = integral(s) increasing
