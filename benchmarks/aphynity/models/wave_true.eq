# The equation of the data.
model wave_true

space x in [0, 64], y in [0, 64]
grid x = 64, y = 64
scheme order = 4
state w(x, y)
param c = 330
param k = 50

# The edge of the data: the two outermost points of an axis have no second difference along it.
let inner_x = ifelse(abs(x - 32) < 30, 1, 0)
let inner_y = ifelse(abs(y - 32) < 30, 1, 0)
known elastic = inner_x*dxx(w) + inner_y*dyy(w)

dtt(w) = c^2*elastic - k*dt(w)
