space x in [0,1], y in [0,1]
state w(x, y) -> vector
dt(w) = lap(w)
