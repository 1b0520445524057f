space x in [0, 1] periodic
state u(x)
learned w(u) -> vector with div(w) = 0
dt(u) = -advect(w, u)
