# Frozen reference values of meta-analysis: metafor on simulated effects. Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(metafor))
set.seed(20240803)
n <- 60; k <- 8
tau <- rep(c(0, 0.1, 0.4, 1.5), length.out = n)
se <- matrix(runif(n * k, 0.05, 0.6), n)
effect <- matrix(rnorm(n * k), n) * sqrt(se^2 + tau^2) + rnorm(n, sd = 0.3)
for (i in seq_len(n)) effect[i, sample(k, i %% 7)] <- NA
inputs <- data.frame(effect = effect, se = se)

rows <- list()
for (method in c("FE", "DL", "REML", "PM")) for (test in c("z", "knha")) for (i in seq_len(n)) {
  if (sum(!is.na(effect[i, ])) < 2) next
  control <- if (method == "REML") list(threshold = 1e-14, maxiter = 10000) else if (method == "PM") list(tol = 1e-14) else list()
  fit <- suppressWarnings(rma(yi = effect[i, ], sei = se[i, ], method = method, test = test, control = control))
  half <- if (fit$k > 2) qt(0.975, fit$k - 2) * sqrt(fit$se^2 + fit$tau2) else NA
  rows[[length(rows) + 1]] <- data.frame(method = method, test = test, feature = i - 1, estimate = c(fit$beta), se = fit$se,
    statistic = fit$zval, p = fit$pval, low = fit$ci.lb, high = fit$ci.ub, tau2 = fit$tau2, i2 = fit$I2 / 100, q = fit$QE,
    q_p = fit$QEp, n_studies = fit$k, prediction_low = c(fit$beta) - half)
}
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, gzfile(file.path("expected", name)), sep = "\t", quote = FALSE, row.names = FALSE)
}
write(inputs, "inputs.tsv.gz")
write(do.call(rbind, rows), "pooled.tsv.gz")
writeLines(capture.output(sessionInfo()), "session_info.txt")
