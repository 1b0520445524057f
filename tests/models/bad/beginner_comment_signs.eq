state u // the unknown
dt(u) = -u % decay
