# Frozen reference values of genewise least squares and classic contrasts: limma on simulated values.
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(limma))
options(warn = -1)
save <- function(x, name) {
  x <- as.data.frame(x)
  real <- vapply(x, is.double, NA)
  x[real] <- lapply(x[real], function(column) sprintf("%.17g", column))
  connection <- gzfile(file.path("expected", paste0(name, ".tsv.gz")), "wt")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
set.seed(20240731)
n <- 40; samples <- 14
group <- factor(rep(c("a", "b", "c", "d"), c(4, 5, 2, 3)))
covariate <- rnorm(samples)
designs <- list(
  means = model.matrix(~ 0 + group),
  covariate = model.matrix(~ 0 + group + covariate),
  intercept = model.matrix(~ covariate + group),
  far = cbind(model.matrix(~ group), year = 2020 + rep(c(0, 1), 7), tiny = 1e-4 * rnorm(samples))
)
y <- matrix(rnorm(n * samples, 8), n) + outer(rnorm(n), as.integer(group))
missing <- y
missing[sample(length(y), 120)] <- NA
missing[1, ] <- NA                                  # nothing left
missing[2, -3] <- NA                                # one value
missing[3, group == "a"] <- NA                      # no reference group
missing[4, group %in% c("b", "d")] <- NA            # two groups gone
missing[5, c(1, 2, 3, 5, 6, 7, 8, 10, 12, 13)] <- NA # one value per group
missing[6, group != "b"] <- NA                      # a single group
weights <- matrix(rgamma(n * samples, 2), n)
weights[7, group == "c"] <- 0
weights[8, 1:3] <- 0
array <- rgamma(samples, 3)
save(y, "complete"); save(missing, "missing"); save(weights, "weights"); save(array, "array_weights")
inputs <- list(
  plain = list(y, NULL), array = list(y, array), weighted = list(y, weights), missing = list(missing, NULL),
  missing_array = list(missing, array), missing_weighted = list(missing, weights)
)
for (d in names(designs)) {
  design <- designs[[d]]
  p <- ncol(design)
  k <- cbind(c(-1, 1, rep(0, p - 2)), c(0, 0, 1, rep(0, p - 3)), rnorm(p))
  save(design, paste0(d, "_design")); save(k, paste0(d, "_contrasts"))
  for (i in names(inputs)) {
    capture.output(fit <- lmFit(inputs[[i]][[1]], design, weights = inputs[[i]][[2]]))
    contrast <- contrasts.fit(fit, k)
    save(cbind(coefficient = fit$coefficients, stdev = fit$stdev.unscaled, sigma = fit$sigma, df = fit$df.residual,
               mean = fit$Amean, contrast = contrast$coefficients, contrast_stdev = contrast$stdev.unscaled),
         paste(d, i, sep = "_"))
    save(fit$cov.coefficients, paste(d, i, "covariance", sep = "_"))
  }
}
writeLines(capture.output(sessionInfo()), "session_info.txt")
