# Frozen reference values of local regression: stats::lowess and limma::weightedLowess on simulated points.
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(limma))
set.seed(20240731)
cases <- list(
  smooth = data.frame(x = rgamma(400, 3), w = 36 - rbinom(400, 20, 0.1)),
  few = data.frame(x = runif(9), w = runif(9)),
  tied = data.frame(x = round(rnorm(150), 1), w = sample(0:3, 150, TRUE)),
  blocks = data.frame(x = c(1, 1, 1, 2, 2, 5, 5), w = 1),
  crowded_end = data.frame(x = c(rep(0, 100), runif(200)), w = rexp(300)),
  outliers = data.frame(x = sort(rnorm(250) * 3 + 5), w = 1)
)
tables <- lapply(names(cases), function(name) {
  d <- cases[[name]]
  d$y <- sin(d$x) + 0.3 * rt(nrow(d), 3)
  if (name == "outliers") d$y[c(5, 50, 200)] <- c(40, -30, 90)
  original <- function(l, o) { y <- numeric(length(o)); y[o] <- l$y; y }
  o <- order(d$x)
  d$lowess <- original(lowess(d$x, d$y, f = 0.5), o)
  d$lowess_every_point <- original(lowess(d$x, d$y, f = 0.7, iter = 2, delta = 0), o)
  d$lowess_coarse <- original(lowess(d$x, d$y, f = 2 / 3, iter = 0, delta = 0.2 * diff(range(d$x))), o)
  fit <- weightedLowess(d$x, d$y, d$w, span = 0.5)
  d$weighted <- fit$fitted
  d$robustness <- fit$weights
  d$delta <- fit$delta
  d$weighted_once <- weightedLowess(d$x, d$y, d$w, span = 0.31, iterations = 1, npts = 17)$fitted
  cbind(case = name, d)
})
table <- do.call(rbind, tables)
table[-1] <- lapply(table[-1], function(column) sprintf("%.17g", column))
connection <- gzfile("expected/curves.tsv.gz", "wt")
write.table(table, connection, sep = "\t", quote = FALSE, row.names = FALSE)
close(connection)
writeLines(capture.output(sessionInfo()), "session_info.txt")
