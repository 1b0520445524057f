space x in [0, 1]
vector state w
dt(w) = 0
