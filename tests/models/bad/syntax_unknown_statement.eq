state u
+ u
frobnicate everything
42
