space x in [0, 1]
state w(x)
dtt(w) = dxx(w)
bc dt(w) = 0 at x = 0
