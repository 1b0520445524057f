space x in [0, 1]
state u(x), T
vector state w(x)
dt(u) = dxx(u)
dt(T) = -T
dt(w) = lap(w)
init u = T
init T = x
init w = 1
init u = 0
init dt(u) = 0
init z = 0
