space x in [0, 1] periodic, y in [0, 1] periodic
state u(x, y)
learned w(u) -> vector by mlp(8) with div(w) = 0
dt(u) = -advect(w, u)
