// SPDX-License-Identifier: Apache-2.0
#include "streams/stored_stream.hpp"

#include "streams/sql.hpp"

#include <utility>

namespace otabahn::streams {

using runtime::SqlSession;

namespace {

void insert_files(SqlSession& session, const Scope& scope, const StoredStream& stream) {
    std::int64_t place = 0;
    for (const StoredFile& file : stream.files)
        session.execute(sql::insert_file, {{"account", runtime::sql(scope.account.text())},
                                           {"region", runtime::sql(scope.region.text())},
                                           {"stream_id", runtime::sql(stream.id)},
                                           {"file_id", runtime::sql(file.file_id)},
                                           {"place", runtime::sql(place++)},
                                           {"bucket", runtime::sql(file.bucket)},
                                           {"object_key", runtime::sql(file.key)},
                                           {"object_version", runtime::sql(file.version)},
                                           {"etag", runtime::sql(file.etag)}});
}

}  // namespace

std::optional<StoredStream> find_stream(SqlSession& session, const Scope& scope, const std::string& id) {
    const auto row = session.query_one(
        sql::find_stream,
        {{"account", runtime::sql(scope.account.text())}, {"region", runtime::sql(scope.region.text())}, {"stream_id", runtime::sql(id)}});
    if (!row) return std::nullopt;
    StoredStream out{id, row->optional_text(0), row->text(1), static_cast<int>(row->integer(2)), row->time(3), row->time(4), {}};
    for (const auto& file : session.query(sql::list_files, {{"account", runtime::sql(scope.account.text())},
                                                            {"region", runtime::sql(scope.region.text())},
                                                            {"stream_id", runtime::sql(id)}}))
        out.files.push_back({static_cast<int>(file.integer(0)), file.text(1), file.text(2), file.optional_text(3), file.optional_text(4)});
    return out;
}

std::int64_t count_streams(SqlSession& session, const Scope& scope) {
    return session
        .query_one(sql::count_streams, {{"account", runtime::sql(scope.account.text())}, {"region", runtime::sql(scope.region.text())}})
        ->integer(0);
}

bool insert_stream(SqlSession& session, const Scope& scope, const StoredStream& stream, Timestamp now) {
    if (!session.query_one(sql::insert_stream, {{"account", runtime::sql(scope.account.text())},
                                                {"region", runtime::sql(scope.region.text())},
                                                {"stream_id", runtime::sql(stream.id)},
                                                {"description", runtime::sql(stream.description)},
                                                {"role_arn", runtime::sql(stream.role_arn)},
                                                {"now", runtime::sql(now)}}))
        return false;
    insert_files(session, scope, stream);
    return true;
}

std::optional<int> update_stream(SqlSession& session, const Scope& scope, const StoredStream& stream, bool replace_files, Timestamp now) {
    const auto row = session.query_one(sql::update_stream, {{"account", runtime::sql(scope.account.text())},
                                                            {"region", runtime::sql(scope.region.text())},
                                                            {"stream_id", runtime::sql(stream.id)},
                                                            {"description", runtime::sql(stream.description)},
                                                            {"role_arn", runtime::sql(stream.role_arn)},
                                                            {"now", runtime::sql(now)}});
    if (!row) return std::nullopt;
    if (replace_files) {
        session.execute(sql::delete_files, {{"account", runtime::sql(scope.account.text())},
                                            {"region", runtime::sql(scope.region.text())},
                                            {"stream_id", runtime::sql(stream.id)}});
        insert_files(session, scope, stream);
    }
    return static_cast<int>(row->integer(0));
}

bool delete_stream(SqlSession& session, const Scope& scope, const std::string& id) {
    const auto account = runtime::sql(scope.account.text()), region = runtime::sql(scope.region.text()), stream = runtime::sql(id);
    session.execute(sql::delete_files, {{"account", account}, {"region", region}, {"stream_id", stream}});
    return session.execute(sql::delete_stream, {{"account", account}, {"region", region}, {"stream_id", stream}}) > 0;
}

std::vector<StreamSummaryRow> list_streams(SqlSession& session, const Scope& scope, const StreamPage& page) {
    std::vector<StreamSummaryRow> out;
    for (const auto& row : session.query(page.ascending ? sql::list_streams_oldest_first : sql::list_streams_newest_first,
                                         {{"account", runtime::sql(scope.account.text())},
                                          {"region", runtime::sql(scope.region.text())},
                                          {"created", runtime::sql(page.created)},
                                          {"after", runtime::sql(page.after)},
                                          {"count", runtime::sql(page.count)}}))
        out.push_back({row.text(0), row.optional_text(1), static_cast<int>(row.integer(2)), row.time(3)});
    return out;
}

std::string pin_etag(SqlSession& session, const Scope& scope, const std::string& id, const StoredFile& file, const std::string& etag) {
    const auto account = runtime::sql(scope.account.text()), region = runtime::sql(scope.region.text()), stream = runtime::sql(id),
               file_id = runtime::sql(file.file_id);
    session.execute(sql::pin_etag, {{"etag", runtime::sql(etag)},
                                    {"account", account},
                                    {"region", region},
                                    {"stream_id", stream},
                                    {"file_id", file_id},
                                    {"bucket", runtime::sql(file.bucket)},
                                    {"object_key", runtime::sql(file.key)}});
    const auto row =
        session.query_one(sql::find_etag, {{"account", account}, {"region", region}, {"stream_id", stream}, {"file_id", file_id}});
    return row && !row->is_null(0) ? row->text(0) : etag;
}

}  // namespace otabahn::streams
