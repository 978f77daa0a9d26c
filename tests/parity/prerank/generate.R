# Frozen reference values of the weighted running sum, written in base R from the definitions of Subramanian et al.
# (2005), doi:10.1073/pnas.0506580102: scores and leading edges exactly, null means and p-values from random sets.
# Run in this folder: Rscript generate.R
set.seed(2005)
n <- 800; draws <- 20000
statistic <- sort(rnorm(n) * rgamma(n, 2), decreasing = TRUE)
sets <- c(lapply(c(3, 8, 8, 20, 60, 200), function(k) sort(sample(n, k))),
          list(sort(sample(n, 15, prob = (n:1)^3)), sort(sample(n, 30, prob = (1:n)^2)), 1:5, (n - 3):n))
deviations <- function(hits, exponent) {
  inside <- seq_len(n) %in% hits
  weight <- ifelse(inside, abs(statistic)^exponent, 0)
  cumsum(weight / sum(weight)) - cumsum(!inside) / (n - length(hits))
}
score <- function(hits, exponent) {
  sum <- deviations(hits, exponent)
  if (max(sum) >= -min(sum)) max(sum) else min(sum)
}
rows <- list()
for (exponent in c(0, 1, 1.5)) for (s in seq_along(sets)) {
  hits <- sets[[s]]
  sum <- deviations(hits, exponent)
  es <- score(hits, exponent)
  turn <- if (es >= 0) which.max(sum) else which.min(sum)
  leading <- if (es >= 0) sum(hits <= turn) else sum(hits > turn)
  null <- if (exponent == 1) replicate(draws, score(sample(n, length(hits)), exponent)) else NA
  same <- if (es >= 0) null[null >= 0] else null[null < 0]
  rows[[length(rows) + 1]] <- data.frame(exponent, set = s, size = length(hits), es, leading, nes = es / abs(mean(same)),
                                         n_same = length(same), p = mean(abs(same) >= abs(es)))
}
save <- function(x, name) {
  real <- vapply(x, is.double, NA)
  x[real] <- lapply(x[real], function(column) sprintf("%.17g", column))
  connection <- gzfile(file.path("expected", paste0(name, ".tsv.gz")), "wt")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
dir.create("expected", showWarnings = FALSE)
save(data.frame(statistic), "statistic")
save(data.frame(set = rep(seq_along(sets), lengths(sets)), rank = unlist(sets)), "sets")
save(do.call(rbind, rows), "scores")
writeLines(capture.output(sessionInfo()), "session_info.txt")
