# Rings that spread from an axis: the factor 1/r stands in front of the flux.
model transport_radial
space r in [0.1, 1]
grid r = 64
state q(r)
scheme dr = tvd(mc)
dt(q) = -(1/r)*dr(r*q^2/2)
bc q = 1 at r = 0.1
init q = 0
