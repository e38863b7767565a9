// SPDX-License-Identifier: Apache-2.0
#include "store/statement.hpp"

#include <gtest/gtest.h>

namespace otabahn::store {
namespace {

using runtime::sql;
using Names = std::vector<std::string>;

TEST(Statement, ANameThatStandsTwiceHasOneNumber) {
    const auto statement = number_parameters("UPDATE t SET b = :b WHERE a = :a AND c > :b", '$');
    EXPECT_EQ(statement.text, "UPDATE t SET b = $1 WHERE a = $2 AND c > $1");
    EXPECT_EQ(statement.names, (Names{"b", "a"}));
}

TEST(Statement, QuotesCommentsAndCastsAreNoParameters) {
    const auto statement = number_parameters("SELECT ':a', ':a''b :c', \":d\", x::text -- :e\n FROM t WHERE f = :f", '?');
    EXPECT_EQ(statement.text, "SELECT ':a', ':a''b :c', \":d\", x::text -- :e\n FROM t WHERE f = ?1");
    EXPECT_EQ(statement.names, (Names{"f"}));
}

TEST(Statement, AnUnendedQuoteIsCopiedToTheEnd) { EXPECT_EQ(number_parameters("SELECT ':a", '?').text, "SELECT ':a"); }

TEST(Statement, OnlyASelectReadsOnly) {
    EXPECT_TRUE(number_parameters("\n  Select 1", '?').reads_only);
    EXPECT_FALSE(number_parameters("UPDATE t SET a = 1", '?').reads_only);
    EXPECT_FALSE(number_parameters("WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", '?').reads_only);
    EXPECT_FALSE(number_parameters("", '?').reads_only);
}

TEST(Statement, ValuesGoToTheirNamesInAnyOrder) {
    const auto statement = number_parameters("SELECT :a, :b", '$');
    const std::initializer_list<runtime::SqlParameter> parameters{{"b", sql(2)}, {"a", sql(1)}};
    const auto values = order_parameters(statement, parameters, "");
    EXPECT_EQ(std::get<std::int64_t>(*values[0]), 1);
    EXPECT_EQ(std::get<std::int64_t>(*values[1]), 2);
}

TEST(Statement, AMissingAnUnknownAndANulValueAreRefused) {
    const auto statement = number_parameters("SELECT :a", '$');
    EXPECT_THROW(order_parameters(statement, {}, ""), runtime::StoreFailure);
    EXPECT_THROW(order_parameters(statement, {{"a", sql(1)}, {"b", sql(1)}}, ""), runtime::StoreFailure);
    EXPECT_THROW(order_parameters(statement, {{"a", sql(std::string_view("x\0y", 3))}}, ""), runtime::StoreFailure);
}

TEST(Statement, ASchemaIsSplitAtSemicolonsThatEndALine) {
    const auto statements = split_schema(
        "-- a comment; with one;\nCREATE TABLE a (\n  b TEXT, -- why;\n  c BIGINT\n);\n\nCREATE INDEX d ON a (b);\nCREATE TABLE e (f "
        "TEXT)");
    ASSERT_EQ(statements.size(), 3u);
    EXPECT_EQ(statements[0], "CREATE TABLE a (\n  b TEXT,\n  c BIGINT\n)\n");
    EXPECT_EQ(statements[1], "CREATE INDEX d ON a (b)\n");
    EXPECT_EQ(statements[2], "CREATE TABLE e (f TEXT)\n");
}

}  // namespace
}  // namespace otabahn::store
