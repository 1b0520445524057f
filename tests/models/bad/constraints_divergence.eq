space x in [0, 1] periodic, y in [0, 1]
state u(x, y)
learned a(u) -> vector with div(a) = 1
learned b(u) with div(b) = 0
learned c(u) -> vector with div(c) = 0, c(0) = (0, 0)
learned m(u) -> vector with div(m.x) = 0
learned e(y) -> vector with div(e) = 0
dt(u) = -advect(a, u) + b - advect(c, u) - advect(m, u) - advect(e, u)
