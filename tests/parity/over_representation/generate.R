# Frozen reference values of over-representation: phyper and fisher.test of base R on simulated margins.
# Run in this folder: Rscript generate.R
set.seed(20261123)
n <- 60
universe <- sample(c(50, 500, 5000, 15000), n, TRUE)
set <- pmin(sample(c(3, 5, 12, 40, 200), n, TRUE), universe - 1)
chosen <- pmax(1, round(universe * runif(n, 0.005, 0.5)))
weight <- exp(rnorm(n, 0.5, 1))
overlap <- mapply(function(k, u, m, w) min(k, m, max(m - (u - k), rbinom(1, min(k, m), min(1, w * m / u)))), set, universe, chosen, weight)
fisher <- Map(function(x, k, m, u) {
  t <- matrix(c(x, k - x, m - x, u - k - m + x), 2)
  both <- fisher.test(t)
  c(greater = fisher.test(t, alternative = "greater")$p.value, less = fisher.test(t, alternative = "less")$p.value,
    estimate = unname(both$estimate), low = both$conf.int[1], high = both$conf.int[2])
}, overlap, set, chosen, universe)
out <- data.frame(overlap, set, chosen, universe,
                  phyper = phyper(overlap - 1, set, universe - set, chosen, lower.tail = FALSE),
                  mid = phyper(overlap, set, universe - set, chosen, lower.tail = FALSE) +
                    dhyper(overlap, set, universe - set, chosen) / 2, do.call(rbind, fisher))
real <- vapply(out, is.double, NA)
out[real] <- lapply(out[real], function(column) sprintf("%.17g", column))
dir.create("expected", showWarnings = FALSE)
connection <- gzfile("expected/margins.tsv.gz", "wt")
write.table(out, connection, sep = "\t", quote = FALSE, row.names = FALSE)
close(connection)
writeLines(capture.output(sessionInfo()), "session_info.txt")
