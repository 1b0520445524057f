state vector w(x, y)
dt(w) = 1
