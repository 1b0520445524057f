state u: foo/s
dt(u) = -u
