# Huber's M-estimate by MASS::rlm on simulated mixtures: no intercept, MAD scale, 100 steps at most.
# Run in this folder: Rscript generate.R
library(MASS)
set.seed(7)
profiles <- matrix(round(rgamma(60 * 5, 0.5, 0.02), 3), 60, 5)
fractions <- matrix(round(runif(6 * 5), 3), 6, 5)
mixtures <- fractions %*% t(profiles) + matrix(rnorm(6 * 60, 0, 2), 6, 60)
mixtures[, 1:4] <- mixtures[, 1:4] + 300
fitted <- t(apply(mixtures, 1, function(y) coef(rlm(profiles, y, maxit = 100))))
dir.create("expected", showWarnings = FALSE)
save <- function(name, values) {
  write.table(format(values, digits = 17, trim = TRUE), file.path("expected", paste0(name, ".tsv")),
              sep = "\t", quote = FALSE, row.names = FALSE, col.names = FALSE)
}
save("profiles", profiles)
save("mixtures", mixtures)
save("coefficients", fitted)
writeLines(capture.output(sessionInfo()), "session_info.txt")
