# Frozen reference values of p.adjust. Run in this folder: Rscript generate.R
set.seed(20240802)
p <- c(runif(60), rbeta(30, 0.2, 5), rep(0.03, 5), 0, 1, 1, NA, NA, 1e-300)
p <- sample(p)
family <- sample(3, length(p), replace = TRUE)
table <- data.frame(p = p, family = family)
for (method in c("BH", "BY", "bonferroni", "holm")) {
  table[[method]] <- p.adjust(p, method)
  table[[paste0(method, "_within")]] <- ave(p, family, FUN = function(x) p.adjust(x, method))
}
for (column in setdiff(names(table), "family")) table[[column]] <- sprintf("%.17g", table[[column]])
write.table(table, file.path("expected", "adjusted.tsv"), sep = "\t", quote = FALSE, row.names = FALSE)
writeLines(capture.output(sessionInfo()), "session_info.txt")
