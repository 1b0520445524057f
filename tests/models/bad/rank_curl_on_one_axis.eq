space x in [0, 1]
vector state w(x)
dt(w) = curl(w)
