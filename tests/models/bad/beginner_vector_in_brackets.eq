space x in [0,1], y in [0,1]
vector state w(x, y)
dt(w) = lap(w)
init w = [0, 1]
