# A learned velocity without divergence, by a stream function and a uniform flow.
space x in [0, 1] periodic, y in [0, 1] periodic
state u(x, y)
learned w(u, x, y) -> vector by mlp(8) with div(w) = 0
dt(u) = -advect(w, u)
