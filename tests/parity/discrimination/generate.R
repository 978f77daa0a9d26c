# Frozen reference values of two-group comparisons: pROC, metafor and glm on simulated features.
# Run in this folder: Rscript generate.R
suppressPackageStartupMessages({library(pROC); library(metafor)})
set.seed(20240805)
n <- 40
positive <- rbinom(n, 1, 0.4)
x <- cbind(rnorm(n) + positive, round(rnorm(n) + 0.5 * positive, 1), rexp(n) * 1e4, rnorm(n) - 2 * positive,
           sample(1:3, n, replace = TRUE), 1e6 + rnorm(n))
x[cbind(c(2, 5, 9), c(1, 1, 3))] <- NA
colnames(x) <- paste0("x", seq_len(ncol(x)))
positive[7] <- NA
rows <- lapply(seq_len(ncol(x)), function(j) {
  curve <- roc(positive, x[, j], direction = "<", levels = c(0, 1), quiet = TRUE)
  use <- !is.na(x[, j]) & !is.na(positive); a <- x[use & positive %in% 1, j]; b <- x[use & positive %in% 0, j]
  smd <- escalc("SMD", m1i = mean(a), m2i = mean(b), sd1i = sd(a), sd2i = sd(b), n1i = length(a), n2i = length(b))
  fit <- glm(positive ~ x[, j], family = binomial, control = glm.control(epsilon = 1e-15, maxit = 200))
  data.frame(feature = j - 1, auc = as.numeric(auc(curve)), auc_variance = var(curve, method = "delong"), smd = c(smd$yi),
    smd_variance = c(smd$vi), intercept = coef(fit)[1], slope = coef(fit)[2], se = sqrt(vcov(fit)[2, 2]),
    n_samples = sum(use), n_positive = length(a))
})
write <- function(table, name) {
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, file.path("expected", name), sep = "\t", quote = FALSE, row.names = FALSE)
}
write(data.frame(positive = positive, x), "inputs.tsv")
write(do.call(rbind, rows), "features.tsv")
writeLines(capture.output(sessionInfo()), "session_info.txt")
