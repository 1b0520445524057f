# Incomplete physics alone: no damping.
model wave_physics

space x in [0, 64], y in [0, 64]
grid x = 64, y = 64
scheme order = 4
state w(x, y)
param c = fit 360 in (0, 1000)

# The edge of the data: the two outermost points of an axis have no second difference along it.
let inner_x = ifelse(abs(x - 32) < 30, 1, 0)
let inner_y = ifelse(abs(y - 32) < 30, 1, 0)
known elastic = inner_x*dxx(w) + inner_y*dyy(w)

dtt(w) = c^2*elastic
