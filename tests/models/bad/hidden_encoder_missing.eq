state u, w
dt(u) = -u
dtt(w) = -w
init u = fit
init w = encode
init dt(w) = fit in [-1, 1]
