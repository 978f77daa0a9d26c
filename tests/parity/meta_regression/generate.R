# Frozen reference values of meta-regression: metafor on simulated effects. Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(metafor))
set.seed(20240917)
n <- 40; k <- 10
tau <- rep(c(0, 0.1, 0.4, 1.2), length.out = n)
weeks <- c(4, 6, 8, 8, 10, 12, 12, 16, 20, 24)
resistance <- c(0, 1, 0, 1, 0, 0, 1, 1, 0, 1)
se <- matrix(runif(n * k, 0.05, 0.5), n)
effect <- matrix(rnorm(n * k), n) * sqrt(se^2 + tau^2) + outer(rnorm(n, sd = 0.04), weeks) + rnorm(n, sd = 0.3)
for (i in seq_len(n)) effect[i, sample(k, i %% 4)] <- NA

rows <- list()
for (method in c("FE", "DL", "REML", "PM")) for (test in c("z", "knha")) for (i in seq_len(n)) {
  control <- if (method == "REML") list(threshold = 1e-14, maxiter = 10000) else if (method == "PM") list(tol = 1e-14) else list()
  fit <- suppressWarnings(rma(yi = effect[i, ], sei = se[i, ], mods = cbind(weeks, resistance), method = method,
    test = test, control = control))
  rows[[length(rows) + 1]] <- data.frame(method = method, test = test, feature = i - 1, coefficient = 0:2, estimate = c(fit$beta),
    se = fit$se, statistic = fit$zval, p = fit$pval, low = fit$ci.lb, high = fit$ci.ub, tau2 = fit$tau2, i2 = fit$I2 / 100,
    r2 = if (is.null(fit$R2)) NA else fit$R2 / 100, q = fit$QE, q_p = fit$QEp, qm = fit$QM, qm_p = fit$QMp, n_studies = fit$k)
}
write <- function(table, name) {
  table <- as.data.frame(table)
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, gzfile(file.path("expected", name)), sep = "\t", quote = FALSE, row.names = FALSE)
}
write(data.frame(effect = effect, se = se), "inputs.tsv.gz")
write(cbind(1, weeks, resistance), "moderators.tsv.gz")
write(do.call(rbind, rows), "fitted.tsv.gz")
writeLines(capture.output(sessionInfo()), "session_info.txt")
