sate u
parm k = 1
learnd f(u)
Dt(u) = -u
