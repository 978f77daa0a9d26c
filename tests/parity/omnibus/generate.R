# Frozen reference values of the moderated F over three contrasts: limma on simulated expression, without and with
# precision weights and missing values. Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(limma))
set.seed(20240905)
n <- 120
group <- rep(c("sed", "w1", "w4", "w8"), c(5, 4, 4, 5))
age <- round(rnorm(18), 3)
design <- cbind(model.matrix(~ 0 + group), age)
expression <- matrix(rnorm(n * 18, sd = rep(sqrt(1 / rgamma(n, 3, 3)), 18)), n) + rnorm(n, 6)
expression[1:12, group == "w8"] <- expression[1:12, group == "w8"] + 2
weights <- matrix(exp(rnorm(n * 18, sd = 0.5)), n)
missing_expression <- expression
missing_expression[matrix(runif(n * 18) < 0.1, n)] <- NA
missing_expression[5, group == "w4"] <- NA
contrasts <- rbind(-1, diag(3), 0)

test <- function(y, w = NULL) {
  fit <- suppressWarnings(eBayes(contrasts.fit(lmFit(y, design, weights = w), contrasts)))
  data.frame(f = fit$F, p = fit$F.p.value)
}
write <- function(table, name) {
  table <- as.data.frame(table)
  for (column in names(table)) if (is.double(table[[column]])) table[[column]] <- sprintf("%.17g", table[[column]])
  write.table(table, gzfile(file.path("expected", name)), sep = "\t", quote = FALSE, row.names = FALSE)
}
write(design, "design.tsv.gz")
write(expression, "expression.tsv.gz")
write(missing_expression, "missing_expression.tsv.gz")
write(weights, "weights.tsv.gz")
write(test(expression), "f_plain.tsv.gz")
write(test(expression, weights), "f_weights.tsv.gz")
write(test(missing_expression), "f_missing.tsv.gz")
writeLines(capture.output(sessionInfo()), "session_info.txt")
