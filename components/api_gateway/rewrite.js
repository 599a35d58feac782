// Paths without a dot are views of the one page; files are served as they are.
function rewrite(event) {
    var request = event.request;
    if (request.uri.indexOf('.', request.uri.lastIndexOf('/')) === -1) {
        request.uri = '/index.html';
    }
    return request;
}
