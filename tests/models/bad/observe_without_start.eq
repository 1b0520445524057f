state u, w
dt(u) = -u
dtt(w) = -w
observe y = u^2
init w = 1
