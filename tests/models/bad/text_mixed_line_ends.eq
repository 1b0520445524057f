state uparam k = 0,3
dt(u) = 2u
