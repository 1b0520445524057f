state	u
dt(u)	=	-u
	+	2u
