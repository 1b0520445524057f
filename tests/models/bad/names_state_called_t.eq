state t
dt(t) = 1
