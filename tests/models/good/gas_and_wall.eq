# A field and a plain variable together: a wall that follows the mean of the field.
model gas_and_wall
space x in [0, 1]
state T(x)
state wall
param k = 0.1
param rate = fit 0.5 in (0, 2)
dt(T) = k*dxx(T) + rate*(wall - T)
dt(wall) = rate*(mean(T) - wall)
bc dn(T) = 0 at boundary
init T = x
init wall = 0
