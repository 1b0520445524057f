state а
dt(a) = -
