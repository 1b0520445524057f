model vector_closure
space x in [0, 1] periodic, y in [0, 1] periodic
vector state w(x, y)
param nu = 0.01
learned stress(w.x, w.y) -> vector by conv(8, kernel = 3)
dt(w) = nu*lap(w) + stress
