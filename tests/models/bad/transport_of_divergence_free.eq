space x in [0, 1] periodic, y in [0, 1] periodic
scheme dx = upwind(3), dy = upwind(3)
state u(x, y)
learned w(u, x) -> vector with div(w) = 0
dt(u) = -div(w*u)
